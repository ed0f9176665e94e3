"""Running SQL that models and people wrote: what it may read, how long and how large, in a process of its own.

Everything here but `processes` needs the standard library alone, so that the process starts in some 30 ms.
"""
