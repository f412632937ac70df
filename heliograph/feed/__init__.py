"""Home feeds: the newest photos of the people somebody follows, copied into Valkey.

It is handed ids and knows nobody: who follows whom is the graph's, what a photo shows is the cards'.
"""
