"""`maild inspect`: what the desk understands of a mail, without a store."""

from __future__ import annotations

from typing import Any

import click

from maild.cli import screen
from maild.cli.choice import Failure, load, wants_json, with_config, with_json


@click.command()
@with_config
@with_json
@click.argument("paths", nargs=-1, required=True)
def inspect(paths: tuple[str, ...]) -> None:
    """Tell what the desk understands of mail in files.

    PATHS are files, folders, and @list.txt with a path a line. With --json one object a line.
    """
    from maild.cli.reading import files_in, mails_in
    from maild.inspection import tell

    config = load()
    try:
        files = files_in(paths)
    except OSError as fault:
        raise Failure(f"{fault.filename}: the list cannot be read: {fault.strerror}") from None
    unopened = 0
    for path, mail in mails_in(files, config):
        told = tell(str(path), mail)
        unopened += not path.is_file()
        if wants_json():
            screen.tell_json_line(told)
        else:
            _card(told)
    if unopened:
        raise Failure(f"{unopened} of {len(files)} files could not be opened; their error says why")


def _card(told: dict[str, Any]) -> None:
    screen.heading(told["path"])
    bounce = [f"{one['recipient']} {one['class']} {one['status']}" for one in told["bounce"] or ()]
    forwarded = told["forwarded"]
    screen.fields(
        (
            ("Kind", told["kind"]),
            ("Why", told["why"]),
            ("Answerable", "yes" if told["answerable"] else "no"),
            ("From", f"{told['from_name']} <{told['from']}>" if told["from_name"] else told["from"]),
            ("To", told["to"]),
            ("Subject", told["subject"]),
            ("Date", told["date"]),
            ("Language", told["language"]),
            ("Message-ID", told["message_id"]),
            ("Answers", told["references"]),
            ("Bounced", bounce),
            (
                "Passes on",
                f"{forwarded['subject']}, by {forwarded['from'] or forwarded['from_name']}" if forwarded else "",
            ),
            ("Attached", [f"{one['name']} ({one['type']}, {one['size']} bytes)" for one in told["attachments"]]),
            ("Fault", told["error"]),
        )
    )
    screen.line()
    screen.lines(told["new_text"] or told["text"])
    screen.line()
