"""How well do altered voices hide who spoke, and how well can the words still be understood?"""
