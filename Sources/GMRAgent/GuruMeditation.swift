import GMRCore
