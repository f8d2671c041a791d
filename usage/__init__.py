"""Usage and expenses: call files in, rated calls, daily sums, month-to-date reports.

``reading`` understands files, ``rating`` prices calls, ``importing`` writes them exactly once,
``reports`` adds up. Nothing here knows of a request or draws a picture.
"""
