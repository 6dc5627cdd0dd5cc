"""The command line: `python -m kerasish`, or `kerasish` where it is installed.

For people with a model file and a shell. Every subcommand is a module with a function
`add` that enters its arguments and a function `run` that returns the exit status; they
rely on the public readers and writers of `kerasish.saving`, and nothing relies on them.
"""

__all__ = ()
