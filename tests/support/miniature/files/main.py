"""A miniature of ComfyUI's entry point: reads the same few options, starts a server, can end as told."""

import argparse
import http.server
import json
import os
import signal
import sys

import folder_paths
import mini_imaging
import nodes
from comfyui_version import __version__


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answers = {
            "/system_stats": {"system": {"comfyui_version": __version__, "argv": sys.argv, "pid": os.getpid()}},
            "/object_info": {name: {"name": name} for name in nodes.NODE_CLASS_MAPPINGS},
            "/models": {"path": os.path.realpath(folder_paths.models_dir)},
        }
        body = json.dumps(answers.get(self.path, {})).encode()
        self.send_response(200 if self.path in answers else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--listen", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8188)
    parser.add_argument("--quick-test-for-ci", action="store_true")
    parser.add_argument("--exit-code", type=int, default=None)
    parser.add_argument("--show", nargs="*", default=None)
    parser.add_argument("--restart-once", metavar="FILE", help="end with code 42 unless FILE is there; make it")
    parser.add_argument("--wait-for", metavar="PIPE", help="serve only after PIPE was written to")
    parser.add_argument("--tell-signals", action="store_true", help="print each signal; SIGTERM ends with code 5")
    parser.add_argument("--stubborn", action="store_true", help="ignore being asked to end")
    return parser.parse_args()


def torch_version():
    try:
        import torch
    except ImportError:
        return "none"
    return torch.__version__


def tell_signal(number, frame):
    print(f"heard {signal.Signals(number).name}", flush=True)
    if number == signal.SIGTERM:
        sys.exit(5)


def handle_signals(args):
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"):
        if args.tell_signals:
            signal.signal(getattr(signal, name), tell_signal)
        elif args.stubborn:
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def main():
    args = arguments()
    handle_signals(args)
    print(f"ComfyUI version: {__version__}", flush=True)
    print(f"pytorch version: {torch_version()}, mini-imaging {mini_imaging.__version__}", flush=True)
    if args.show is not None:
        print(json.dumps({"argv": sys.argv, "cwd": os.getcwd(), "prefix": sys.prefix, "show": args.show}), flush=True)
    if args.restart_once is not None and not os.path.exists(args.restart_once):
        open(args.restart_once, "w").close()
        return 42
    if args.wait_for is not None:
        with open(args.wait_for) as pipe:
            pipe.read()
    if args.exit_code is not None:
        return args.exit_code
    nodes.import_custom_nodes()
    if args.quick_test_for_ci:
        return 0
    server = http.server.ThreadingHTTPServer((args.listen, args.port), Handler)
    try:
        print(f"To see the GUI go to: http://{args.listen}:{server.server_address[1]}", flush=True)
        server.serve_forever()
    except KeyboardInterrupt:
        print("\nStopped server", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
