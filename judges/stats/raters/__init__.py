"""How people vote: what each rater's votes are worth, and whether somebody rigs the result.

`review.py` is the way in. Below it one idea a file; all work on the same columns (`votes.py`) and,
where a vote is compared with what was to be expected, on the same expectations (`field.py`).
numpy and scipy only; knows no Django. The method is told in docs/raters.md.
"""
