"""What is worth a look: the kinds of findings, and the calls that make them."""

from comfydock_core.models.packs.node_packs import CodeFinding
from comfydock_core.records import record

# What a pack does or has, to follow its name. The most telling first: where there are too many findings, the last kinds
# are cut off.
MESSAGES = {
    "runs-decoded-code": "runs code that it decodes first",
    "installs-at-import": "installs or removes Python packages when ComfyUI loads it, which pip refuses here",
    "auto-start": "has code that every Python of the environment runs when it starts",
    "evaluates-code": "compiles data to code and runs it",
    "hidden-data": "holds a long block of encoded data",
    "unreadable-code": "has a file that cannot be looked into",
    "compiled-code": "holds Python code without its source",
    "native-binary": "has native code",
    "installs-packages": "installs or removes Python packages",
    "install-script": "has an install script, which runs only with `--run-install-script`",
    "odd-host": "takes packages from an unusual place",
    "opens-network": "opens network connections of its own",
    "runs-program": "runs other programs",
    "unpickles": "loads data in a format that may run code",
    "link": "has a link",
}


@record
class Seen:
    """A finding, and what it is about: the code of it without its layout, `None` for the whole file."""

    kind: str
    file: str
    line: int
    about: str | None
    detail: str = ""

    def finding(self) -> CodeFinding:
        """As it is reported."""
        message = MESSAGES[self.kind] + (f": {self.detail}" if self.detail else "")
        return CodeFinding(self.kind, self.file, self.line, message)


EVALUATING = frozenset({"builtins.exec", "builtins.eval", "builtins.compile"})
DECODING = frozenset(
    {
        "base64.a85decode",
        "base64.b16decode",
        "base64.b32decode",
        "base64.b64decode",
        "base64.b85decode",
        "base64.decodebytes",
        "base64.standard_b64decode",
        "base64.urlsafe_b64decode",
        "binascii.a2b_base64",
        "binascii.a2b_hex",
        "binascii.unhexlify",
        "builtins.bytes.fromhex",
        "builtins.bytearray.fromhex",
        "bz2.decompress",
        "codecs.decode",
        "gzip.decompress",
        "lzma.decompress",
        "marshal.loads",
        "zlib.decompress",
    }
)
_OTHERS = {
    "evaluates-code": (
        "code.InteractiveConsole", "code.InteractiveInterpreter", "code.interact", "marshal.load", "marshal.loads",
        "runpy.run_module", "runpy.run_path", "types.CodeType", "types.FunctionType",
    ),
    "installs-packages": ("pip.main", "pip._internal.main", "pip._internal.cli.main.main", "ensurepip.bootstrap"),
    "opens-network": (
        "aiohttp.web.run_app", "asyncio.open_connection", "asyncio.start_server", "asyncio.start_unix_server",
        "http.server.HTTPServer", "http.server.ThreadingHTTPServer", "socket.create_connection",
        "socket.create_server", "socket.socket", "socketserver.TCPServer", "socketserver.ThreadingTCPServer",
        "socketserver.ThreadingUDPServer", "socketserver.UDPServer", "xmlrpc.server.SimpleXMLRPCServer",
        "ftplib.FTP", "telnetlib.Telnet", "smtplib.SMTP", "smtplib.SMTP_SSL", "paramiko.SSHClient",
        "multiprocessing.connection.Client", "multiprocessing.connection.Listener",
    ),
    "runs-program": (
        "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "os.popen", "os.posix_spawn",
        "os.posix_spawnp", "os.startfile", "os.system", "pexpect.run", "pexpect.spawn", "popen2.popen2", "pty.spawn",
        "subprocess.Popen", "subprocess.call", "subprocess.check_call", "subprocess.check_output",
        "subprocess.getoutput", "subprocess.getstatusoutput", "subprocess.run", "nt.system", "posix.system",
        *(f"os.exec{ending}" for ending in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
        *(f"os.spawn{ending}" for ending in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
    ),
    "unpickles": (
        "pickle.load", "pickle.loads", "pickle.Unpickler", "_pickle.load", "_pickle.loads", "cPickle.load",
        "cPickle.loads", "cloudpickle.load", "cloudpickle.loads", "dill.load", "dill.loads", "joblib.load",
        "pandas.read_pickle", "shelve.open",
    ),
}  # fmt: skip
CALLS = {name: kind for kind, names in _OTHERS.items() for name in names} | dict.fromkeys(EVALUATING, "evaluates-code")
# These may run code only when they are told to.
WHEN_TOLD = {"torch.load": ("weights_only", False), "numpy.load": ("allow_pickle", True)}
# Modules in which a name that is computed can only be meant to hide it.
SENSITIVE = frozenset({"builtins", "os", "posix", "nt", "subprocess"})

# Without one of these words there is nothing to be found in a file of usual lines.
WORDS = (
    r"aiohttp|asyncio|base64|binascii|builtins|bz2|cPickle|cloudpickle|code|codecs|compile|dill|ensurepip|eval|exec|"
    r"fromhex|ftplib|getattr|gzip|http|import_module|__import__|__builtins__|__dict__|joblib|lzma|marshal|"
    r"multiprocessing|nt|numpy|os|pandas|paramiko|pexpect|_?pickle|pip|popen2|posix|pty|runpy|shelve|smtplib|socket|"
    r"socketserver|subprocess|sys|telnetlib|torch|types|vars|globals|locals|xmlrpc|zlib"
)
