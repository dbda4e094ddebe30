"""Where the steps of a long call are logged when they begin, for the command line to show."""

import logging

steps = logging.getLogger("deeplake_labelbox.steps")
