"""Parts of the stores in files and folders of this machine: names, locks, and errors of the operating system."""
