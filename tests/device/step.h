void board_step(int k);
