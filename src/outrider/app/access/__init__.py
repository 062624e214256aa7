"""What every part opens or asks first: a workspace with its store, keys, who may do what, settings of the moment."""
