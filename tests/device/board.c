#include "board.h"

int main(void);
extern char board_stack_top[];
void board_start(void);

#ifdef __riscv
static intptr_t host(intptr_t what, const void *argument)
{
    register intptr_t a0 __asm__("a0") = what;
    register const void *a1 __asm__("a1") = argument;

    /* QEMU knows the three instructions only where they lie in one page. */
    __asm__ volatile(".balign 16\n.option push\n.option norvc\nslli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return a0;
}

__attribute__((naked, section(".vectors"))) void board_start(void)
{
    __asm__("la sp, board_stack_top\ncall main\ncall board_exit");
}
#else
static intptr_t host(intptr_t what, const void *argument)
{
    register intptr_t r0 __asm__("r0") = what;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void fault(void)
{
    board_print("fault\n");
    board_exit();
}

void board_start(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    *(volatile uint32_t *)0xe000ed88u |= 0xfu << 20; /* coprocessors 10 and 11: floating point and Helium */
    __asm__ volatile("dsb\nisb");
#endif
    main();
    board_exit();
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    board_stack_top, board_start, fault, fault, fault, fault, fault, fault};
#endif

void board_print(const char *text)
{
    host(4, text);
}

void board_print_number(const char *label, uint32_t n)
{
    char text[12], *at = text + sizeof(text) - 1;

    *at = '\0';
    *--at = '\n';
    do
        *--at = (char)('0' + n % 10);
    while (n /= 10);
    board_print(label);
    board_print(" ");
    board_print(at);
}

void board_exit(void)
{
    host(0x18, (const void *)0x20026);
    for (;;)
        ;
}
