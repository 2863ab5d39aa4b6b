"""Drawn pedestrians: who they are, how they are drawn, where they walk and who films them.

Read in this order: ``draws`` (numbers out of keys, no state), ``palettes``, ``body`` and
``clothing`` (who a person is), ``figure`` (the skeleton of one moment), ``canvas`` and the
``drawing_*`` modules (its picture), ``scenes`` and ``cameras`` (places), ``moments`` (what changes
from image to image), ``photograph`` (what the camera does to the picture).
:class:`rbcl_lite.data.world.World` puts them together.
"""
