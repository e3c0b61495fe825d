"""The production chapter, the image and the scripts, used as an installation does."""
