"""A working day of the studio in minutes: do memory, open files, threads or the store grow?"""
