"""Notes on the web, with FastAPI. The variable HOLDALL_URI names the store that keeps them.

export HOLDALL_URI=sqlite:///notes.db        # or s3://acme/notes: the code stays the same
uvicorn fastapi_notes:app
"""

import os
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Body, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

import holdall
import holdall.aio


class Note(BaseModel):
    """A text with a title."""

    title: str
    lines: list[str] = []


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with holdall.aio.open(os.environ["HOLDALL_URI"], type=Note, serializer="json") as notes:
        app.state.notes = notes
        yield


def get_notes(request: Request) -> holdall.aio.AsyncStore[Note]:
    return request.app.state.notes


Notes = Annotated[holdall.aio.AsyncStore[Note], Depends(get_notes)]
app = FastAPI(lifespan=lifespan)


@app.get("/notes")
async def list_titles(notes: Notes, prefix: str = "") -> dict[str, str]:
    return {key: note.title async for key, note in notes.scan_items(prefix)}


@app.get("/notes/{key:path}")
async def read(notes: Notes, key: str) -> Note:
    note = await notes.get(key)
    if note is None:
        raise HTTPException(404)
    return note


@app.put("/notes/{key:path}", status_code=204)
async def write(notes: Notes, key: str, note: Note) -> None:
    await notes.set(key, note)


@app.post("/notes/{key:path}")
async def add_line(notes: Notes, key: str, line: Annotated[str, Body()]) -> Note:
    """Add a line to a note. If two people add a line at the same time, `modify` keeps both."""

    def add(note: Note) -> Note:
        return note.model_copy(update={"lines": [*note.lines, line]})

    return await notes.modify(key, add, default=Note(title=key))


@app.delete("/notes/{key:path}", status_code=204)
async def delete(notes: Notes, key: str) -> None:
    await notes.discard(key)


@app.exception_handler(holdall.InvalidKey)
async def refuse(request: Request, error: holdall.InvalidKey) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 400)
