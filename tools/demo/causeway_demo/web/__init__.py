"""The demo as a web page: two chats side by side. `site.py` puts the parts together, `page/` is what the browser
gets."""
