"""The bytes of Yjs, read strictly: what is not exactly right never reaches the library behind."""
