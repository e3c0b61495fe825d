"""The site as strangers meet it: real servers and sockets."""
