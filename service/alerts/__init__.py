"""Alerts: rules over readings, evaluated in the update; what fires is kept, told and, in the end, resolved.

`rules.py` says what a rule file may hold, `folder.py` reads a folder of them, `conditions.py` and `guards.py` evaluate,
`alert.py` is the state machine of one alert, `watch.py` runs all of it beside an engine; none of these does any I/O.
`store.py` keeps, `delivery.py` and `senders/` tell, `desk.py` puts them together for the service.
"""
