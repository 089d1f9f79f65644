from .header_reading import read_header as read_header
