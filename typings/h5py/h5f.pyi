"""Files, as HDF5 itself knows them."""

from h5py.h5p import PropFAID

ACC_RDONLY: int
UNLIMITED: int

class FileID:
    name: bytes
    def get_access_plist(self) -> PropFAID: ...
    def get_intent(self) -> int: ...
    def get_vfd_handle(self) -> int: ...
