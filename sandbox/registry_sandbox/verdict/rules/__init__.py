"""The rules about clients, one module each, named as its sentence."""
