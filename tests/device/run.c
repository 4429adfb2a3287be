/*
 * Runs exported code on a board: the self-test, the stack by painting, and one inference between two marks.
 *
 *     result 0        what net_selftest() says
 *     stack 96        bytes below the caller's stack pointer
 */
#include "board.h"
#include "net.h"

#define PAINTED 8192
#define COLOUR 0xa5

static uint32_t state[(NET_STATE_BYTES + 3) / 4];
static uint8_t image[NET_INPUT_BYTES];
static net_score scores[NET_CLASSES];

/* Marks for the plug-in: the count is taken at their first instruction. */
void board_mark(void);
void board_step(int k);
__attribute__((noinline)) void board_mark(void)
{
    __asm__ volatile("" ::: "memory");
}
#define LAYER(k)                                                                                             \
    void board_layer##k(void);                                                                               \
    __attribute__((noinline)) void board_layer##k(void)                                                      \
    {                                                                                                        \
        __asm__ volatile("" ::: "memory");                                                                   \
    }
LAYER(0)
LAYER(1)
LAYER(2)
LAYER(3)

void board_step(int k)
{
    if (k == 0)
        board_layer0();
    else if (k == 1)
        board_layer1();
    else if (k == 2)
        board_layer2();
    else
        board_layer3();
}

static uintptr_t stack_pointer(void)
{
    uintptr_t sp;

#ifdef __riscv
    __asm__ volatile("mv %0, sp" : "=r"(sp));
#else
    __asm__ volatile("mov %0, sp" : "=r"(sp));
#endif
    return sp;
}

__attribute__((noinline)) static uint32_t stack_of_run(void)
{
    volatile uint8_t *top = (volatile uint8_t *)stack_pointer();
    uint32_t i;

    for (i = 1; i <= PAINTED; i++)
        top[-(intptr_t)i] = COLOUR;
    net_run(state, image, scores);
    for (i = PAINTED; i > 0 && top[-(intptr_t)i] == COLOUR; i--)
        ;
    return i;
}

int main(void)
{
    for (uint32_t i = 0; i < sizeof(image); i++)
        image[i] = (uint8_t)(i * i >> 5);
    board_print_number("stack", stack_of_run());
#ifdef NET_NO_SELFTEST
    board_mark();
    net_run(state, image, scores);
    board_mark();
#else
    board_print_number("result", (uint32_t)net_selftest(state));
#endif
    return 0;
}
