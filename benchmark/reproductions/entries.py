"""The reproductions that ship with saltbench."""

from .arma import ARMA
from .fmri.reproduction import FMRI
from .mnist import MNIST
from .moving_box import MOVING_BOX
from .reproduction import Reproduction
from .table1 import TABLE1
from .vanishing.reproduction import VANISHING

# in the order in which all of them run
ENTRIES: tuple[Reproduction, ...] = (TABLE1, MOVING_BOX, MNIST, FMRI, VANISHING, ARMA)
