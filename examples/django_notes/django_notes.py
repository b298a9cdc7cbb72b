"""Notes on the web, with Django. The variable HOLDALL_URI names the store of the notes, the cache and the sessions.

export HOLDALL_URI=sqlite:///notes.db        # or s3://acme/notes: the code stays the same
python django_notes.py runserver
"""

import functools
import os
import sys

import msgspec
from django.conf import settings
from django.core.cache import cache
from django.core.management import execute_from_command_line
from django.http import HttpResponse, JsonResponse
from django.urls import path

import holdall


class Note(msgspec.Struct):
    """A text with a title."""

    title: str
    lines: list[str] = []


def make_settings():
    """Return the settings of the app. All its data lives at HOLDALL_URI."""
    address = os.environ["HOLDALL_URI"]
    return {
        "ALLOWED_HOSTS": ["*"],
        "CACHES": {"default": {"BACKEND": "holdall.bridges.django.StoreCache", "LOCATION": address}},
        "MIDDLEWARE": ["django.contrib.sessions.middleware.SessionMiddleware"],
        "NOTES": address,
        "ROOT_URLCONF": __name__,
        "SECRET_KEY": os.environ.get("SECRET_KEY", "only for a trial"),
        "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
    }


@functools.cache
def open_notes(address):
    """Return the notes at ``address``. All threads share them."""
    return holdall.Json(holdall.Prefix(holdall.open(address), "notes"), type=Note)


def titles(request):
    notes = open_notes(settings.NOTES)
    return JsonResponse(
        cache.get_or_set("titles", lambda: {key: note.title for key, note in notes.items()}, 60)
    )


def recent(request):
    """Answer the keys of the notes that this visitor has read."""
    return JsonResponse(request.session.get("recent", []), safe=False)


def note(request, key):
    notes = open_notes(settings.NOTES)
    try:
        if request.method == "GET":
            return read(request, notes, key)
        write(request, notes, key)
    except (holdall.InvalidKey, msgspec.DecodeError) as error:
        return JsonResponse({"error": str(error)}, status=400)
    cache.delete("titles")
    return HttpResponse(status=204)


def read(request, notes, key):
    found = notes.get(key)
    if found is None:
        return HttpResponse(status=404)
    request.session["recent"] = [key, *request.session.get("recent", [])][:10]
    return JsonResponse(msgspec.to_builtins(found))


def write(request, notes, key):
    """Replace, delete or extend a note. If two visitors add a line at the same time, `modify` keeps both."""
    match request.method:
        case "PUT":
            notes[key] = msgspec.json.decode(request.body, type=Note)
        case "DELETE":
            notes.discard(key)
        case "POST":
            line = msgspec.json.decode(request.body, type=str)
            notes.modify(key, lambda note: Note(note.title, [*note.lines, line]), default=Note(key))


urlpatterns = [path("notes", titles), path("notes/<path:key>", note), path("recent", recent)]

if __name__ == "__main__":
    settings.configure(**make_settings())
    execute_from_command_line(sys.argv)
