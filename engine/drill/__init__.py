"""The drill: does a no that comes in from outside, by every way there is, stop the next message here and now?"""
