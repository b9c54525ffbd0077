"""What `import rookery` returns: results with frames, plots and HTML, the home feed, a server in a thread, progress."""
