/* placeholder, goes with the first file of the room */ typedef int room_is_empty;
