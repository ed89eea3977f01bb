"""A web page that labels pictures and shows the evidence."""
