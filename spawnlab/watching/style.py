"""How the live view is laid out, in Textual's CSS.

A small terminal has the table, one panel and the log below each other. A wide one has the panel at the right; one that
is high too has several of them there, or all.
"""

WIDTHS: list[tuple[int, str]] | None = [(0, "-narrow"), (120, "-wide")]
"""Columns from which on a screen is of a class."""
HEIGHTS: list[tuple[int, str]] | None = [(0, "-low"), (36, "-tall"), (56, "-huge")]
"""Lines from which on it is."""
CSS = """
Screen { layout: vertical; overflow: hidden; }
#status { height: auto; text-style: bold; }
#body { height: 1fr; layout: vertical; overflow: hidden; }
#hint { height: auto; max-height: 4; text-style: dim; }
#prompt { height: 1; border: none; padding: 0; }

.panel {
    border-top: solid $foreground;
    border-title-align: left;
    scrollbar-gutter: stable;
    scrollbar-size: 0 1;
    overflow-x: hidden;
    height: 1fr;
}
.panel:focus { border-top: heavy $foreground; border-title-style: bold; }

#vms { height: auto; max-height: 8; }
#side { height: 1fr; layout: vertical; overflow: hidden; }
#side .panel { display: none; }
#side .chosen { display: block; }
#log { height: 1fr; }
Screen.-tall #vms, Screen.-huge #vms { max-height: 20; }

Screen.-wide #body { layout: grid; grid-size: 2 2; grid-columns: 5fr 3fr; grid-rows: auto 1fr; grid-gutter: 0 1; }
Screen.-wide #vms { max-height: 20; }
Screen.-wide #side { row-span: 2; height: 100%; }
Screen.-wide.-tall #side .common, Screen.-wide.-tall #side .chosen { display: block; height: auto; max-height: 18; }
Screen.-wide.-huge #side .panel { display: block; height: auto; max-height: 18; }
Screen.-wide.-tall #side #program, Screen.-wide.-huge #side #program { height: 1fr; min-height: 8; max-height: 100%; }

Help { align: center middle; }
#help { width: 90%; max-width: 90; height: 90%; border: solid $foreground; background: $background; }
"""
