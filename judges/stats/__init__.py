"""How good a judge is: bias, agreement, calibration, cost. numpy and scipy only; knows no Django.

The unit is the prompt. Every statistic is a function of sums over prompts, so that a bootstrap
over prompts (`bootstrap.py`) re-weighs those sums instead of drawing rows.
"""
