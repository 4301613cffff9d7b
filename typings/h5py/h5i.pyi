"""What belongs to what."""

from h5py.h5d import DatasetID
from h5py.h5f import FileID

def get_file_id(obj: DatasetID) -> FileID: ...
