default = True
