"""A running ComfyUI."""

from comfydock_core.records import record


@record
class RunningComfyUI:
    """One ComfyUI of an environment.

    `supervisor` is the ComfyDock that watches over it. `host` and `port` are where it listens or will listen, `None`
    where that is not known; `log` is the file it writes to, `None` when it writes to a terminal. `by_hand` is one that
    ComfyDock did not start; of such a one little else is known.
    """

    pid: int
    start: str
    supervisor: int | None = None
    host: str | None = None
    port: int | None = None
    started: str | None = None
    log: str | None = None
    by_hand: bool = False

    @property
    def address(self) -> str | None:
        """Where a browser on this machine finds it."""
        if self.host is None or self.port is None:
            return None
        host = self.reached_at
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def reached_at(self) -> str:
        """The host to connect to: one that listens everywhere is found on this machine."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1", None: "127.0.0.1"}.get(self.host, self.host or "")

    def as_dict(self) -> dict[str, object]:
        return {
            "pid": self.pid,
            "port": self.port,
            "address": self.address,
            "started": self.started,
            "log": self.log,
            "by_hand": self.by_hand,
        }

    def __str__(self) -> str:
        return f"process {self.pid}" + (f" at {self.address}" if self.address else "")
