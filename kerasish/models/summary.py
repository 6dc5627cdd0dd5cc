"""placeholder replaced shortly."""
def summarize(model, *args):
    return repr(model)
