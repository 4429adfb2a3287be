/* What a program holds that runs a model, beside one (EMPTY) that does not. Linked, never run. */
#include "board.h"
#ifndef EMPTY
#include "net.h"
#endif

int main(void)
{
#ifndef EMPTY
    return net_run((void *)0x20001000, (const uint8_t *)0x20004000, (net_score *)0x20008000);
#else
    return 0;
#endif
}
