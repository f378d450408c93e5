"""Finite automata: their languages, their networks, and the way back."""

from evornn.automata.behaviour import agreement as agreement
from evornn.automata.dfa import Dfa as Dfa
from evornn.automata.dfa import minimal as minimal
from evornn.automata.draw import draw_words as draw_words
from evornn.automata.draw import log_counts as log_counts
from evornn.automata.draw import random_dfa as random_dfa
from evornn.automata.encode import encode as encode
from evornn.automata.extract import extract as extract
from evornn.automata.extract import extract_consistent as extract_consistent
from evornn.automata.quantise import Clusters as Clusters
from evornn.automata.quantise import Intervals as Intervals
from evornn.automata.tomita import TOMITA as TOMITA
