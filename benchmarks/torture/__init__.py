"""Damaged and hostile files: does one of them make Veil crash, hang, or leave something behind?"""
