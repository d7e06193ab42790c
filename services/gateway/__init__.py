"""Sockets: tickets, topics, events in order, resume. Owns no table: all it knows comes from the ORDERS stream."""
