import os

import django
from django.conf import settings
from django_notes import make_settings

os.environ.setdefault("HOLDALL_URI", "memory://")
settings.configure(**make_settings())
django.setup()
