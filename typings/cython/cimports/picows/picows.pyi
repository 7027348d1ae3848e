from picows.picows import WSFrame as WSFrame
from picows.picows import WSListener as WSListener
from picows.picows import WSTransport as WSTransport
