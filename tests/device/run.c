/*
 * Runs exported code on a board: the self-test, the stack by painting, and one inference between two marks.
 *
 *     result 0        what net_selftest() says
 *     stack 96        bytes below the caller's stack pointer
 *     layer 2         layer 2 goes on: where net.c was compiled with step.h
 */
#include "board.h"
#include "net.h"

#define PAINTED 8192
#define COLOUR 0xa5

static uint32_t state[(NET_STATE_BYTES + 3) / 4];
static uint8_t image[NET_INPUT_BYTES];
static net_score scores[NET_CLASSES];

/* Marks for the plug-in: the count is taken at their first instruction. */
#define MARK(name)                                                                                           \
    void name(void);                                                                                         \
    __attribute__((noinline)) void name(void)                                                                \
    {                                                                                                        \
        __asm__ volatile("" ::: "memory");                                                                   \
    }
MARK(board_mark)
MARK(board_step_begin)
MARK(board_step_end)

/* What lies between the two marks is not counted: it says which layer goes on. */
void board_step(int k);
void board_step(int k)
{
    board_step_begin();
    board_print_number("layer", (uint32_t)k);
    board_step_end();
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
