"""Notes on the web, with Flask. The variable HOLDALL_URI names the store that keeps them.

export HOLDALL_URI=sqlite:///notes.db        # or s3://acme/notes: the code stays the same
flask --app flask_notes run
"""

import os

import msgspec
from flask import Flask, Response, abort, jsonify, request

import holdall


class Note(msgspec.Struct):
    """A text with a title."""

    title: str
    lines: list[str] = []


def create_app(address: str | None = None) -> Flask:
    """Return the app, with its notes in the store at ``address``, by default at HOLDALL_URI."""
    app = Flask(__name__)
    notes = holdall.open(address or os.environ["HOLDALL_URI"], type=Note, serializer="json")
    app.extensions["notes"] = notes

    @app.get("/notes")
    def list_titles():
        prefix = request.args.get("prefix", "")
        return {key: note.title for key, note in notes.scan_items(prefix)}

    @app.get("/notes/<path:key>")
    def read(key):
        return jsonify(msgspec.to_builtins(notes.get(key) or abort(404)))

    @app.put("/notes/<path:key>")
    def write(key):
        notes[key] = msgspec.json.decode(request.get_data(), type=Note)
        return Response(status=204)

    @app.post("/notes/<path:key>")
    def add_line(key):
        """Add a line to a note. If two people add a line at the same time, `modify` keeps both."""
        line = msgspec.json.decode(request.get_data(), type=str)
        note = notes.modify(key, lambda note: Note(note.title, [*note.lines, line]), default=Note(key))
        return jsonify(msgspec.to_builtins(note))

    @app.delete("/notes/<path:key>")
    def delete(key):
        notes.discard(key)
        return Response(status=204)

    @app.errorhandler(holdall.InvalidKey)
    @app.errorhandler(msgspec.DecodeError)
    def refuse(error):
        return {"error": str(error)}, 400

    return app
