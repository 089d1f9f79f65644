from .status_scanner import StatusScanner as StatusScanner
