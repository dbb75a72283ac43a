"""A scheduler of its own, a made-up node and client around it: does this machine do its work?"""
