"""Figures of the screens: a function each, whose specification is constant for a language and a theme.

Data come as a separate frame, so that a redraw sends numbers only. ``base.draw`` puts a figure on a page and
``base.static`` makes the copy that people take away. The columns that a figure needs are in its docstring.
"""
