"""Brazilian Portuguese: the words of the world's tweets. See `languages` for what each name is."""

# ruff: noqa: E501, SIM905 - words read best as they are spoken
from __future__ import annotations

CODE: str = "pt"

TOPICS: str = """\
football | Brasileirão Libertadores Futebol VaiCorinthians Flamengo CopaDoBrasil | Flamengo*o;Corinthians*o;Palmeiras*o;Neymar*p;Vinicius Jr*p;São Paulo FC*o;Vasco*o;Endrick*p;Abel Ferreira*p;Grêmio*o;Maracanã*l;Arrascaeta*p;Atlético Mineiro*o;Ancelotti*p;Internacional*o;Cruzeiro*o;Marta*p;Gabigol*p | o jogo;o gol;o juiz;o VAR;o pênalti;a zaga;o técnico;a escalação;a janela;o segundo tempo;o impedimento;a torcida;o contra-ataque;o clássico;a tabela;o escanteio | ver o jogo;secar o rival;xingar o juiz;gritar gol na janela;montar o cartola;ir pro estádio;sofrer até os acréscimos
basketball | NBA NBB NBAnaESPN Basquete NBABrasil NBAPlayoffs | LeBron*p;Lakers*o;Curry*p;Celtics*o;Oscar Schmidt*p;Jokic*p;Franca*o;Gui Santos*p;Flamengo Basquete*o;Giannis*p;Warriors*o;Kobe*p;Raulzinho*p;Doncic*p;NBB;Wembanyama*p;Thunder*o;Hortência*p | o último quarto;a enterrada;a bola de três;o toco;o garrafão;a prorrogação;o rebote;o lance livre;a troca;o quinteto;o triplo-duplo;a assistência;o jogo sete;o draft;a marcação | ver os playoffs;bater uma bola;virar a noite com a NBA;discutir o MVP;rever a enterrada;arremessar de longe
baseball | MLB Beisebol MLBnaESPN WorldSeries BeisebolBrasil | Yankees*o;Ohtani*p;Dodgers*o;Yan Gomes*p;Aaron Judge*p;Red Sox*o;Paulo Orlando*p;Cubs*o;Fenway Park*l;Astros*o;World Series;Atibaia*l;Mets*o;Bo Takahashi*p;Thiago Vieira*p | o home run;o arremesso;a nona entrada;o bullpen;o taco;a rebatida;a luva;o strike;o abridor;a queimada dupla;o roubo de base;o boné;a temporada;o montinho;a bola curva | ver a World Series;explicar as regras;virar a madrugada com a MLB;jogar bets na rua;treinar arremesso
cricket | Cricket CríqueteBrasil T20 IPL WorldCup | Kohli*p;Poços de Caldas*l;Cricket Brasil*o;IPL;Roberta Moretti Avery*p;Lord's*l;Bumrah*p;Rohit Sharma*p;Mumbai Indians*o;Ashes;Ben Stokes*p;Dhoni*p;Eden Gardens*l | o taco;a regra;o wicket;o arremessador;o campo;a primeira entrada;o placar;o críquete de rua;o treino;a bola nova;o último over;a seleção feminina;a virada | entender as regras;jogar taco na rua;seguir o placar;treinar na rede;ver um jogo de cinco dias;apresentar o críquete pra família
tennis | Tênis RolandGarros ATP WTA RioOpen VaiBia | Bia Haddad*p;João Fonseca*p;Guga*p;Djokovic*p;Alcaraz*p;Sinner*p;Roland Garros;Luisa Stefani*p;Rio Open;Federer*p;Nadal*p;Wimbledon;Sabalenka*p;Swiatek*p;Marcelo Melo*p;Miami Open | o saque;o backhand;o tie-break;a deixadinha;o quinto set;o match point;o saibro;a quadra central;a dupla falta;a devolução;o forehand;a chave;o voleio;a raquete;o challenge | ver a final;torcer pela Bia;jogar um set no clube;acordar cedo pro jogo;treinar o saque;seguir a chave
formula one | F1 F1naBand GPdoBrasil Interlagos Fórmula1 Senna | Senna*p;Bortoleto*p;Verstappen*p;Ferrari*o;Hamilton*p;Interlagos*l;Norris*p;Leclerc*p;McLaren*o;Felipe Massa*p;Mercedes*o;Rubinho*p;Red Bull*o;Mônaco*l;Piquet*p;Spa*l;Mariana Becker*p;Sauber*o | a corrida;o pit stop;a largada;o treino;a estratégia;o safety car;a bandeira vermelha;a ultrapassagem;o pneu médio;o rádio;a pole;a punição;a chuva;o pódio;o grid | ver o treino;acordar às quatro pra corrida;gritar com o estrategista;ouvir o rádio da equipe;esperar a chuva;rever a largada
combat sports | UFC MMA Boxe UFCRio JiuJitsu NoiteDeLuta | Charles do Bronx*p;Poatan*p;Anderson Silva*p;Amanda Nunes*p;UFC*o;Minotauro*p;Popó*p;Deiveson Figueiredo*p;Beatriz Ferreira*p;Dana White*p;Jon Jones*p;Rickson Gracie*p;José Aldo*p;Hebert Conceição*p;Las Vegas*l;Amanda Lemos*p;Jean Silva*p | a luta;o nocaute;a pesagem;o cinturão;a finalização;o mata-leão;o jab;o chute;a decisão;o último round;a revanche;a guarda;o card;a encarada;o kimono | ver a luta com a galera;treinar jiu-jitsu;virar a noite com o UFC;bater no saco;discutir a decisão;pular corda
running | Corrida CorridaDeRua BoraCorrer Maratona SãoSilvestre Runners | São Silvestre;Ibirapuera*l;Strava;Maratona do Rio;Aterro do Flamengo*l;Kipchoge*p;Garmin;Olympikus*o;Meia de Floripa;Drauzio*p;Maratona de SP;Hoka*o;USP*l;Asics*o;Lagoa*l;Mizuno*o;Daniel do Nascimento*p | o longão;o pace;meu joelho;a meia maratona;o tênis;o treino de tiro;a ladeira;a canelite;o kit;a medalha;o gel de carboidrato;o aquecimento;o trote;o recorde pessoal;a planilha | correr no parque;treinar pra meia;acordar cedo pro longão;fazer tiro;bater meu recorde;correr na chuva
fitness | Academia TáPago Fitness Treino FocoNoShape ProjetoVerão | Smart Fit*o;Gracyanne*p;Leandro Twin*p;Renato Cariani*p;Bluefit*o;CrossFit;Growth*o;Ramon Dino*p;Gympass*o;Hyrox;Max Titanium*o;Arnold*p;Julio Balestrin*p | o agachamento;o leg press;o treino de perna;o whey;a creatina;o supino;a esteira;a dieta;o cardio;o stiff;a rosca direta;o shape;o frango com batata-doce;a barra fixa;o personal;o descanso | treinar perna;pagar o treino;contar caloria;acordar às cinco pra malhar;fazer cardio;começar na segunda
video games | Games PS5 Xbox Nintendo Steam GameplayBR | GTA VI;Minecraft;Free Fire;Zelda;PlayStation*o;Nintendo*o;Elden Ring;Alanzoka*p;FIFA;Steam;Xbox*o;Casimiro*p;Stardew Valley;Hollow Knight;The Last of Us;Fortnite;God of War;BRKsEDU*p | o chefão;a fase;o controle;a DLC;o lag;a campanha;o mundo aberto;o trailer;a promoção;o bug;a missão secundária;o save;o final;o update;o servidor;a gameplay | zerar o jogo;jogar até amanhecer;upar personagem;farmar item;chamar os amigos pro squad;platinar de novo
esports | CBLOL Valorant CSGO VCT Worlds LoLBR | LOUD*o;FURIA*o;paiN*o;Gaules*p;FalleN*p;Faker*p;aspas*p;T1*o;MIBR*o;CBLOL;Free Fire;brTT*p;Imperial*o;Valorant;KSCERATO*p;NAVI*o;Keyd*o;RED Canids*o | o draft;o barão;a final;o clutch;a ranqueada;o mapa decisivo;o meta;a selva;o major;a line;o caster;a virada;o bootcamp;o nerf;a eco | ver o CBLOL;subir de elo;jogar ranqueada;gritar com o clutch;acompanhar o major;assistir à live do Gaules
board games | BoardGames JogosDeTabuleiro RPG DnD NoiteDeJogos Tabuleiro | Catan;Ticket to Ride;Galápagos*o;Dixit;War;Banco Imobiliário;Dungeons and Dragons;Tormenta;Wingspan;Uno;Truco;Ludopedia;Azul;Xadrez;Ordem Paranormal;Cellbit*p | o tabuleiro;o dado;o manual;a carta;a expansão;a peça;a campanha;o mestre;a ficha;a luderia;a mesa de RPG;o turno;a caixa;o peão;a regra da casa | chamar a galera pro jogo;mestrar uma mesa;ler o manual;perder no War;montar a ficha;estrear um jogo
anime | Anime Otaku OnePiece Manga Naruto CrunchyrollBR | One Piece;Naruto;Dragon Ball;Jujutsu Kaisen;Demon Slayer;Goku*p;Wendel Bezerra*p;Attack on Titan;Crunchyroll*o;Cavaleiros do Zodíaco;Miyazaki*p;Death Note;Luffy*p;Frieren;Studio Ghibli*o;Panini*o;Yu Yu Hakusho;Toriyama*p | o episódio;a abertura;a dublagem;o filler;o mangá;o cosplay;a animação;o vilão;o arco;a luta final;o spoiler;o encerramento;a temporada;a waifu;o capítulo novo | maratonar anime;ler mangá;chorar com o final;desenhar fanart;colocar o One Piece em dia;assistir dublado
cinema | Cinema Filme Oscar2025 AindaEstouAqui CinemaNacional Cannes | Fernanda Torres*p;Ainda Estou Aqui;Wagner Moura*p;Walter Salles*p;Kleber Mendonça Filho*p;Cidade de Deus;Fernanda Montenegro*p;Selton Mello*p;O Agente Secreto;Nolan*p;Bacurau;Rodrigo Santoro*p;Duna;Marvel*o;Central do Brasil;O Auto da Compadecida;Cannes*l;Scorsese*p | o filme;o final;a trilha sonora;o roteiro;a fotografia;o trailer;a estreia;a atuação;o elenco;a sessão;a cena pós-créditos;a sequência;a pipoca;o plano-sequência;a dublagem | ir ao cinema;ver um filme;chorar na sessão;rever um clássico;fazer maratona do Oscar;comentar o final
television | BBB25 Novela Netflix MasterChefBR TVGlobo Série | BBB;Globo*o;Vale Tudo;Tadeu Schmidt*p;Boninho*p;Netflix*o;Odete Roitman*p;Silvio Santos*p;Ana Maria Braga*p;Avenida Brasil;Faustão*p;Chaves;A Fazenda;SBT*o;Sônia Abrão*p;Round 6;Carminha*p;Globoplay*o | o paredão;a novela;o capítulo;a prova do líder;o reality;a eliminação;o vilão;a temporada;o spoiler;o Jornal Nacional;a vinheta;o almoço da Ana Maria;a reprise;o casal;a fofoca | ver a novela;votar no paredão;maratonar série;fugir do spoiler;dormir com a TV ligada;comentar o BBB
comedy | Humor Memes StandUp Comédia PortaDosFundos Zueira | Porta dos Fundos*o;Paulo Gustavo*p;Tatá Werneck*p;Whindersson*p;Marcelo Adnet*p;Dona Hermínia*p;Choque de Cultura;Afonso Padilha*p;Fábio Porchat*p;Sensacionalista*o;Casseta e Planeta*o;Mussum*p;Thiago Ventura*p;Dani Calabresa*p;Didi*p;Rodrigo Marques*p;Blogueirinha*p | o meme;a piada;o stand-up;o esquete;a imitação;o áudio do zap;a figurinha;o bordão;a zoeira;a plateia;o improviso;o especial;o trocadilho;a paródia;o vídeo do gato | mandar meme no grupo;rir alto no ônibus;contar piada ruim;ver stand-up;fazer figurinha;explicar a piada
pop music | Pop Anitta RockInRio Spotify MúsicaPop Grammy | Anitta*p;Pabllo Vittar*p;Taylor Swift*p;Marília Mendonça*p;Luísa Sonza*p;Jão*p;Beyoncé*p;Ivete*p;Lady Gaga*p;Gloria Groove*p;Iza*p;Ludmilla*p;Rock in Rio;Lollapalooza;Caetano*p;Marisa Monte*p;Ana Castela*p;Marina Sena*p | o álbum;o show;o refrão;o clipe;o feat;a turnê;o ingresso;a fila;a coreografia;a letra;o single;a ponte;essa música;a capa;o agudo;a setlist | ouvir o álbum;cantar no chuveiro;garantir o ingresso;dançar na sala;chorar com a letra;fazer playlist;ir ao show
hip hop | Rap RapNacional Trap Funk HipHop BatalhaDaAldeia | Racionais*o;Emicida*p;Mano Brown*p;Djonga*p;Matuê*p;BK*p;Filipe Ret*p;Veigh*p;Criolo*p;Sabotage*p;Kendrick*p;Tasha e Tracie*o;Orochi*p;MC Cabelinho*p;Baco Exu do Blues*p;Duquesa*p;L7NNON*p;Teto*p | a rima;o flow;o beat;o verso;a batalha;a mixtape;o sample;o grave;a punchline;a love song;o feat;o cypher;o improviso;a diss;o baile;a base | ouvir rap no busão;escrever rima;ver a batalha da aldeia;decorar o verso;dançar no baile;garimpar sample
kpop | KPOP BTS BLACKPINK StrayKids TWICE ARMYBrasil | BTS*o;Jungkook*p;BLACKPINK*o;Stray Kids*o;Lisa*p;TWICE*o;Jimin*p;SEVENTEEN*o;NewJeans*o;aespa*o;ATEEZ*o;EXO*o;Felix*p;Taehyung*p;ITZY*o;ENHYPEN*o;LE SSERAFIM*o | o comeback;o photocard;o lightstick;o bias;a coreografia;o teaser;o fancam;o fanchant;o álbum;a unit;a votação;o debut;o visual;o maknae;o mutirão;a live | votar no mutirão;aprender a coreô;dar stream;trocar photocard;juntar dinheiro pro show;surtar com o teaser
classical and jazz | MúsicaClássica Jazz BossaNova Ópera Choro Piano | Villa-Lobos*p;Tom Jobim*p;OSESP*o;Sala São Paulo*l;Hermeto Pascoal*p;Theatro Municipal*l;João Gilberto*p;Nelson Freire*p;Pixinguinha*p;Chopin*p;Bach*p;Elis Regina*p;Miles Davis*p;Guinga*p;Egberto Gismonti*p;Festival de Campos do Jordão;Hamilton de Holanda*p;Blue Note*l | o concerto;o violão;a sinfonia;o maestro;a partitura;o piano;o ensaio;o improviso;o solo de sax;a orquestra;a ópera;o choro;o bandolim;o violoncelo;a bossa;o coral | estudar violão;ouvir bossa nova;ir ao concerto;ensaiar com o coral;tocar numa roda de choro;afinar o violino
cooking | Culinária Receita ComidaBoa Churrasco MasterChefBR Cozinha | Rita Lobo*p;Paola Carosella*p;Palmirinha*p;Alex Atala*p;Fogaça*p;Jacquin*p;Panelinha;iFood*o;Mocotó*l;Ana Maria Braga*p;Airfryer;Mercado Municipal*l;Bela Gil*p;Helena Rizzo*p;MasterChef;Ver-o-Peso*l | o feijão;o arroz;a farofa;o churrasco;a feijoada;a moqueca;o strogonoff;o alho;o tempero;a panela de pressão;o pão de queijo;a mandioca;o bife;a lasanha;o cuscuz;a marmita | fazer almoço;testar receita;acender a churrasqueira;montar marmita;picar cebola;cozinhar feijão;pedir um ifood
baking | Confeitaria Bolo Pão FermentaçãoNatural Brigadeiro Doces | Bake Off Brasil;Carole Crema*p;Beca Milano*p;Olivier Anquier*p;Dona Deôla*o;Nestlé*o;Dulca*o;Isamara Amâncio*p;KitchenAid;Leite Moça;Danielle Noce*p;Panco*o;Luiz Farias*p;Sodiê*o | o bolo de cenoura;o brigadeiro;o pão;o forno;o levain;a massa;a cobertura;o pudim;o merengue;o recheio;o chocolate;a torta de limão;o bolo de fubá;a fornada;o bolo de aniversário;o panetone | assar um bolo;enrolar brigadeiro;sovar a massa;esperar a massa crescer;decorar bolo;lamber a colher
coffee | Café CaféEspecial Barista BomDia Cafezinho CoffeeLovers | Starbucks*o;Sul de Minas*l;Melitta*o;Aeropress;Três Corações*o;Santo Grão*o;Pilão*o;Cerrado Mineiro*l;Hario V60;Orfeu*o;Nespresso*o;Octavio Café*o;Coffee Lab*o;Moka;Isabela Raposeiras*p | o café;o coado;o expresso;a garrafa térmica;o grão;o moedor;o pingado;o cappuccino;a torra;a xícara;o café com leite;o filtro;o terceiro café;o barista;a crema;o café da firma | passar um café;moer o grão na hora;tomar café sem açúcar;fugir do descafeinado;achar uma cafeteria boa;tomar o quinto do dia
programming | Python DevBR Programação JavaScript BolhaDev CódigoAberto | Python;JavaScript;GitHub;Linux;Filipe Deschamps*p;React;Alura*o;Rocketseat*o;Java;Docker;Stack Overflow;VS Code;Diego Fernandes*p;TypeScript;Rust;Postgres;Fábio Akita*p;Elixir | o bug;o deploy;o pull request;a sprint;o código legado;a daily;o teste;o servidor;o framework;o ponto e vírgula;o merge;a API;o banco de dados;o front;a documentação;o commit | corrigir bug;subir deploy na sexta;ler documentação;refatorar tudo;estudar Rust;codar de madrugada;resolver conflito
artificial intelligence | IA InteligênciaArtificial ChatGPT MachineLearning Tecnologia | ChatGPT;OpenAI*o;Gemini;Claude;Nvidia*o;Sam Altman*p;Maritaca*o;DeepSeek*o;Copilot;Silvio Meira*p;Midjourney;Hugging Face*o;Google*o;Meta*o;Nina da Hora*p;Llama;Anthropic*o | o prompt;o modelo;o chatbot;o algoritmo;a alucinação;o agente;a rede neural;o deepfake;o dataset;a GPU;o paper;a regulação;o benchmark;a automação;a janela de contexto | treinar modelo;testar prompt;conversar com o robô;ler artigo;rotular dado;gerar imagem torta;pedir resumo pra IA
gadgets | Tecnologia iPhone Android Xiaomi Samsung TecMundo | iPhone;Samsung*o;Xiaomi*o;Motorola*o;Apple*o;AirPods;Kindle;Galaxy;MacBook;Alexa;Positivo*o;Marques Brownlee*p;TecMundo*o;Pixel;Apple Watch;JBL*o | a bateria;o carregador;a tela;a câmera;o fone;o cabo;a atualização;o relógio inteligente;o celular novo;a película;o roteador;o unboxing;o preço;o notebook;a capinha;o tablet | trocar de celular;carregar tudo de novo;ver o lançamento;comparar preço;trincar a tela;perder um lado do fone
startups | Startups Empreendedorismo Empreender Negócios SaaS | Nubank*o;iFood*o;David Vélez*p;QuintoAndar*o;99*o;Y Combinator*o;Loggi*o;Camila Farani*p;Sebrae*o;Shark Tank;Creditas*o;Hotmart*o;Stone*o;Gympass*o;Florianópolis*l;Cristina Junqueira*p;Endeavor*o | o pitch;a rodada;o MVP;o investidor;o primeiro cliente;o sócio;o CNPJ;a pivotada;o unicórnio;o boleto;a landing page;o valuation;o churn;a aceleradora;o caixa | captar investimento;validar a ideia;abrir CNPJ;falar com cliente;lançar o MVP;vender no Instagram;pagar boleto
crypto | Bitcoin Cripto BTC Ethereum DeFi Criptomoedas | Bitcoin;Ethereum;Binance*o;Mercado Bitcoin*o;Solana;Vitalik*p;Satoshi*p;Dogecoin;Foxbit*o;Hathor;Ledger;MetaMask;USDT;Fernando Ulrich*p;Drex;Coinbase*o | a carteira;a queda;o halving;a taxa;o bear market;a altcoin;o airdrop;o gráfico;a corretora;a pirâmide;a stablecoin;a seed;o repique;a alavancagem;o bloco | comprar na baixa;olhar o gráfico;segurar até 2030;fazer staking;perder a senha;ler whitepaper
finance | Economia Ibovespa Investimentos BolsaDeValores Dólar Selic | Ibovespa;Banco Central*o;Petrobras*o;Selic;Nubank*o;Itaú*o;Tesouro Direto;Galípolo*p;Nath Finanças*p;Vale*o;Haddad*p;Receita Federal*o;B3*o;Faria Lima*l;Magalu*o;XP*o;Warren Buffett*p;Primo Rico*p | o dólar;a inflação;o juro;o dividendo;o aluguel;a fatura;o imposto de renda;o boleto;o pix;a renda fixa;o fundo imobiliário;o salário;o financiamento;o consórcio;o décimo terceiro;a poupança | pagar a fatura;investir no Tesouro;declarar o imposto;guardar dinheiro;chegar no fim do mês;olhar a bolsa;negociar a dívida
politics | Política Eleições Congresso Brasília STF Debate | Lula*p;Bolsonaro*p;STF*o;Alexandre de Moraes*p;Brasília*l;Câmara*o;Tarcísio*p;Senado*o;Haddad*p;PT*o;Marina Silva*p;Planalto*l;PL*o;Simone Tebet*p;Boulos*p;Nikolas*p;TSE*o;Janja*p | a CPI;o debate;a pesquisa;a votação;o orçamento;a reforma;a emenda;o centrão;o segundo turno;a campanha;o ministério;o decreto;o discurso;o plenário;a coletiva;a urna | votar cedo;ver o debate;acompanhar a CPI;discutir no grupo da família;ler o projeto de lei;ir pra rua;transferir o título
climate | MudançasClimáticas MeioAmbiente Amazônia COP30 Queimadas Sustentabilidade | Amazônia*l;COP30;Belém*l;Marina Silva*p;Pantanal*l;Ibama*o;Ailton Krenak*p;Cerrado*l;Greenpeace*o;Greta*p;INPE*o;Txai Suruí*p;Carlos Nobre*p;Rio Grande do Sul*l;Acordo de Paris;Sônia Guajajara*p;Vale*o | a queimada;a enchente;o desmatamento;a seca;a fumaça;a energia solar;o aquecimento;o lixo;o plástico;a mata;a reciclagem;o rio;a onda de calor;a emissão;o garimpo;a restauração | plantar árvore;separar o lixo;andar de bicicleta;cobrar o governo;economizar água;instalar placa solar
work | Trabalho HomeOffice Vagas Segundou CLT Sextou | LinkedIn;RH*o;Catho*o;Excel;Teams;Slack;Gupy*o;Zoom;Vagas*o;Outlook;Trello;CLT;Infojobs*o;SAP;Ministério do Trabalho*o | a reunião;o chefe;o ponto;a planilha;o salário;a segunda-feira;o e-mail;a firma;o home office;a entrevista;o vale-refeição;a escala 6x1;o estágio;o plantão;o happy hour;o crachá | bater ponto;fingir que trabalho;mandar currículo;entrar em outra reunião;pedir demissão;almoçar na mesa;fazer hora extra
weather | Clima Chuva Frio Calor Tempo Temporal | São Paulo*l;Climatempo*o;Rio de Janeiro*l;Curitiba*l;Inmet*o;Porto Alegre*l;Recife*l;Cuiabá*l;Maju Coutinho*p;Florianópolis*l;Manaus*l;Serra Catarinense*l;Belo Horizonte*l;Teresina*l;Defesa Civil*o | a chuva;o calor;o frio;o temporal;o guarda-chuva;a frente fria;a garoa;o ventilador;o vento;a umidade;o granizo;a geada;o sol;o mormaço;a previsão;o trovão | sair sem guarda-chuva;dormir com o ventilador ligado;tirar a roupa do varal;esperar a chuva passar;olhar a previsão;tomar banho gelado
education | ENEM Educação Vestibular Faculdade Enem2025 VoltaÀsAulas | ENEM;USP*o;UFRJ*o;Unicamp*o;Sisu;MEC*o;Fuvest;Paulo Freire*p;ProUni;UFMG*o;Duolingo;Débora Aladim*p;UnB*o;IFSP*o;Descomplica*o;Capes*o | a prova;o TCC;a redação;o trabalho em grupo;o professor;a nota;a matrícula;a aula;o RU;o seminário;a bolsa;o cursinho;a lista de exercícios;o gabarito;a recuperação;o estágio | estudar pro ENEM;escrever o TCC;virar a noite estudando;corrigir prova;matar aula;almoçar no RU;esperar o gabarito
history | História Arqueologia HojeNaHistória HistóriaDoBrasil Museu | Dom Pedro II*p;Getúlio Vargas*p;Tiradentes*p;Zumbi dos Palmares*p;Museu Nacional*l;Ouro Preto*l;Princesa Leopoldina*p;Canudos*l;Lilia Schwarcz*p;Serra da Capivara*l;Machado de Assis*p;Eduardo Bueno*p;Roma*l;Inconfidência Mineira;Juscelino*p;Laurentino Gomes*p;Cais do Valongo*l;Chica da Silva*p | o império;a república;o museu;a revolta;o arquivo;a carta;a coroa;a escavação;o mapa;o documento;a independência;a caravela;o quilombo;a lenda;o manuscrito;a constituinte | visitar museu;ler sobre o império;ver documentário;garimpar no arquivo;desmentir corrente;conhecer Ouro Preto
space | Espaço Astronomia NASA Eclipse CéuNoturno | NASA*o;Marte*l;Marcos Pontes*p;SpaceX*o;James Webb;Alcântara*l;Hubble;Sérgio Sacani*p;Artemis;Júpiter*l;Saturno*l;INPE*o;Starship;Duília de Mello*p;Observatório Nacional*o;Marcelo Gleiser*p;Voyager | o foguete;o eclipse;o lançamento;o telescópio;a superlua;a galáxia;o buraco negro;a chuva de meteoros;o cometa;o asteroide;o satélite;a órbita;o astronauta;a sonda;o céu | olhar as estrelas;ver o lançamento;caçar meteoro;fotografar a lua;montar o telescópio;procurar o cometa
science | Ciência CiênciaBrasileira Pesquisa Fiocruz PósGraduação Biologia | Fiocruz*o;Butantan*o;CNPq*o;Átila Iamarino*p;Natalia Pasternak*p;César Lattes*p;Sirius;Suzana Herculano*p;Jaqueline Goes*p;Nature;CERN*o;Capes*o;Oswaldo Cruz*p;SBPC*o;Pirula*p;Einstein*p;Manual do Mundo*o | o artigo;a bolsa;o laboratório;o orientador;a qualificação;o microscópio;a amostra;a hipótese;o experimento;o revisor;a célula;o dado;o fóssil;a dissertação;a pipeta;o congresso | escrever a dissertação;pipetar o dia inteiro;responder o revisor;repetir o experimento;esperar a bolsa cair;coletar amostra
health | Saúde SUS SaúdeMental Terapia Vacina Enfermagem | SUS*o;Drauzio Varella*p;Fiocruz*o;Anvisa*o;Unimed*o;Zé Gotinha*p;Hospital das Clínicas*l;Dipirona;Samu*o;Einstein*o;Dorflex;Ministério da Saúde*o;Nise da Silveira*p;UPA*l;Zenklub*o | a vacina;a ansiedade;a terapia;a enxaqueca;a rinite;o plantão;a fila do posto;a dengue;o exame;a consulta;a insônia;a coluna;o dentista;a receita;o plano de saúde;a gripe | marcar consulta;beber água;dormir oito horas;ir pra terapia;sair do plantão;tomar dipirona;esperar no posto
books | Livros Leitura BookTwitter BookTokBrasil Bienal SkoobBR | Machado de Assis*p;Clarice Lispector*p;Torto Arado;Itamar Vieira Junior*p;Conceição Evaristo*p;Dom Casmurro;Bienal do Livro;Skoob;Carla Madeira*p;Companhia das Letras*o;Kindle;Raphael Montes*p;Carolina Maria de Jesus*p;Paulo Coelho*p;Guimarães Rosa*p;Colleen Hoover*p;Flip;Capitu*p | o livro;o capítulo;a resenha;a estante;a trilogia;o sebo;o final;a capa;a ressaca literária;o romance;o conto;a meta de leitura;o clube do livro;o marca-página;a poesia;a tradução | ler antes de dormir;comprar mais livro;terminar a trilogia;reler Dom Casmurro;garimpar no sebo;chorar com personagem
travel | Viagem Viajar Férias Turismo MochilãoBR Praia | Fernando de Noronha*l;Gramado*l;Salvador*l;Lisboa*l;Decolar*o;Jericoacoara*l;Buenos Aires*l;Latam*o;Chapada Diamantina*l;Guarulhos*l;Azul*o;Airbnb*o;Lençóis Maranhenses*l;Paraty*l;Japão*l;Gol*o;Orlando*l;Alter do Chão*l | a mala;o voo;a praia;o passaporte;a escala;o hotel;a pousada;o visto;a trilha;a estrada;o mochilão;a milha;o feriado;a rodoviária;o roteiro;a janelinha | arrumar a mala;viajar no feriado;caçar passagem barata;dormir no aeroporto;perder o voo;conhecer o Nordeste;pegar estrada
photography | Fotografia FotoDoDia Canon Analógica Retrato FotografiaDeRua | Canon*o;Nikon*o;Sebastião Salgado*p;Fujifilm*o;Lightroom;Sony*o;Instagram;Kodak*o;Walter Firmo*p;Claudia Andujar*p;Leica*o;Pierre Verger*p;Araquém Alcântara*p;IMS*o;Paraty em Foco | a luz;o retrato;a lente;o filme;o ensaio;o pôr do sol;a edição;o enquadramento;o tripé;o foco;o preto e branco;a câmera;a revelação;a golden hour;a sombra | sair pra fotografar;editar ensaio;revelar filme;esperar a luz certa;limpar a lente;fotografar na rua
art | Arte Ilustração ArteDigital Desenho ArtistaBR Aquarela | Tarsila*p;MASP*l;Portinari*p;Inhotim*l;Procreate;Frida Kahlo*p;Os Gêmeos*o;Kobra*p;Adriana Varejão*p;Van Gogh*p;Pinacoteca*l;Abaporu;Bienal;Aleijadinho*p;Lygia Clark*p;CCXP;Monet*p;Beatriz Milhazes*p | o desenho;a aquarela;a tela;a exposição;o rascunho;a comissão;o mural;o grafite;a escultura;o pincel;a paleta;o sketchbook;o traço;a tinta;a xilogravura | desenhar no ônibus;pintar uma tela;abrir comissões;terminar a ilustração;ir ao museu;testar pincel
fashion | Moda LookDoDia SPFW Estilo MetGala Brechó | Havaianas*o;Gisele*p;Shein*o;SPFW;Farm*o;Renner*o;Zara*o;Alexandre Herchcovitch*p;Vogue*o;Met Gala;Melissa*o;Enjoei*o;Marina Ruy Barbosa*p;Osklen*o;Bruna Marquezine*p;C&A*o;Costanza Pascolato*p | o look;o vestido;o brechó;o tênis;a jaqueta;a bolsa;o salto;o desfile;o tapete vermelho;a tendência;a calça;a saia;o chinelo;o provador;a liquidação;a camisa de time | garimpar em brechó;montar o look;comentar o tapete vermelho;costurar um vestido;experimentar tudo;lavar o tênis branco
beauty | Maquiagem Skincare Beleza Cabelo Unhas Make | Boca Rosa*o;Bianca Andrade*p;O Boticário*o;Natura*o;Sephora*o;Ruby Rose*o;Mari Maria*p;Niina Secrets*p;Salon Line*o;Fenty*o;CeraVe*o;Avon*o;Camila Coutinho*p;Vult*o;Eudora*o;Granado*o;Principia*o | o batom;a base;o delineado;o protetor solar;o sérum;a unha;o cacho;a hidratação;a progressiva;o corretivo;a sobrancelha;o rímel;o perfume;a franja;a rotina;o esmalte | fazer skincare;pintar a unha;testar base nova;hidratar o cabelo;cortar a franja;dormir de maquiagem;ver tutorial
pets | Cachorro Gatos Pets AdoteNãoCompre ViraLata Gateiros | Caramelo;Petz*o;Cobasi*o;Luisa Mell*p;Ampara Animal*o;Golden;Shih-tzu;Whiskas*o;Pinscher;Siamês;Petlove*o;Chico do Colchão;Salsicha;Royal Canin*o;Frajola;Dog Hero*o | meu cachorro;minha gata;o veterinário;o passeio;a ração;o petisco;a areia;o ronrom;o pelo;o filhote;a coleira;a patinha;o latido;a soneca;o brinquedo;a castração | passear com o cachorro;adotar um gato;limpar a areia;dar banho no cachorro;dormir de conchinha com a gata;levar no veterinário
gardening | Jardinagem Plantas Horta HortaEmCasa UrbanJungle Suculentas | Samambaia;Jiboia;Burle Marx*p;Jardim Botânico*l;Costela-de-adão;Espada-de-são-jorge;Ceasa*l;Orquídea;Embrapa*o;Carol Costa*p;Zamioculca;Holambra*l;Cobasi*o;Ipê;Inhotim*l | a horta;o vaso;a muda;a terra;o adubo;a rega;a composteira;o manjericão;a suculenta;a cochonilha;o tomate-cereja;a poda;a pitanga;a semente;o quintal;a varanda | regar as plantas;trocar de vaso;plantar manjericão;conversar com a samambaia;fazer muda;podar o ipê
cars and bikes | Carros Motos MotoGP Ciclismo StockCar FuscaDoDia | Fusca;Gol quadrado;Volkswagen*o;Honda CG;Toyota*o;Fiat Uno;BYD*o;Yamaha*o;Detran*o;Caloi*o;MotoGP;Diogo Moreira*p;Opala;Ducati*o;Marginal Tietê*l;Stock Car;Tour de France;Chevette | o motor;a gasolina;o câmbio;a moto;o trânsito;o IPVA;o freio;a bike;o mecânico;o pneu;a baliza;o capacete;a multa;a embreagem;o carro elétrico;a suspensão | lavar o carro;pedalar no domingo;abastecer o tanque;fugir da marginal;trocar o óleo;empurrar o fusca;tirar a carteira
parenting | Maternidade Paternidade MãeDeMenino VidaDeMãe Bebê Família | Galinha Pintadinha;Peppa Pig;Mundo Bita;Bluey;Pampers*o;Patati Patatá*o;Turma da Mônica;Piangers*p;Montessori*p;Palavra Cantada*o;Elisama Santos*p;Castelo Rá-Tim-Bum;Xuxa*p;Frozen;Papai Noel*p;Thais Vilarinho*p | a fralda;a soneca;a mamadeira;a escolinha;a birra;o berço;a lancheira;o puerpério;o grupo da escola;a mochila;a chupeta;o desenho;a festinha;o pediatra;a introdução alimentar;o dente de leite | trocar fralda;dormir três horas;levar na escola;ver Galinha Pintadinha;montar a lancheira;contar história;catar brinquedo
"""

FRAMES: dict[int, tuple[str, ...]] = {
    1: (
        "{e} é {x} {a}", "amo {d}", "{e} nunca decepciona", "que saudade que eu tava: {t}", "{t} foi {x} {a}", "hoje é dia de {d}",
        "{e} eu te amo", "{e} entregou tudo", "{t} salvou meu dia", "não tô sabendo lidar com {t}", "como é bom {d} {w}",
        "{e} é patrimônio nacional", "viciei: {d}", "bora {d} {w}", "partiu {d}", "que {a} {t}", "{e} merece o mundo",
        "valeu por tanto, {e}", "nada melhor que {d}", "eu com {t}: só alegria", "{e} {w}, que presente", "ai gente, {t}... sem condições",
        "{d} é minha terapia", "finalmente consegui {d}", "{t} ficou {x} {a}", "só quem viveu sabe: {t}", "{e} tá em outro patamar",
        "queria {d} pra sempre", "eu nasci pra {d}", "{e} manda e eu obedeço", "zerei a vida: {d}", "que orgulho, {e}",
        "{t} é tudo pra mim", "curti demais {t}", "{e}, simplesmente", "respeita {e}", "meu coração é {e}", "quem falou mal, engole: {e} é {a}",
        "não existe nada mais {a} que {d}", "{e} faz tudo parecer fácil", "tô em paz, fui {d}", "nota mil {t}", "a alegria que {t} me dá",
        "chorei de alegria com {t}", "{e} e {t}: combo perfeito", "{e} sempre {a}, impressionante", "se reclamar eu vou {d} de novo",
        "{w} teve {t} e foi {a}", "me convidou pra {d} eu já tô lá", "{e} no topo, como deve ser", "viva {e}", "amo {t}, não nego",
        "que fase, {e}!", "dia {n} e ainda feliz com {t}", "é {e} que vocês querem? toma", "melhor coisa {w}: {d}", "sou muito fã, {e}",
        "{t} curou tudo que eu tinha", "palmas pra {e}", "adoro {t} {w}", "{e} fez história {w}", "tem coisa mais {a} que {t}?",
    ),
    0: (
        "{e} ou {e2}?", "alguém aí sabe sobre {t}?", "hora de {d}", "pensando aqui: {e}", "o que vocês acham sobre {t}?", "e {t}, hein?",
        "{e} {w}", "vou {d} e já volto", "{w}: {d}", "acabei de {d}", "só eu que vou {d} {w}?", "todo mundo falando sobre {e}",
        "fui ver o que era {e}", "preciso {d} {w}", "dia {n}: {d}", "primeiro {t}, depois {t2}", "me explica {t} como se eu tivesse cinco anos",
        "thread sobre {t}", "{t} é {x} {a}", "{e} é {a}, é isso", "ninguém: ... eu: {d}", "pergunta séria: {e} ou {e2}", "então é isso, {t}",
        "lá vou eu {d}", "quem mais tá com {t} {w}?", "minha tl é só {e}", "descobri {e} {w}", "{t} ou {t2}, escolham", "entre {e} e {e2} fico na dúvida",
        "quanto tempo dura {t}?", "lembrei que {e} existe", "opinião polêmica: {e} > {e2}", "a vida é {d} e pagar conta", "lendo sobre {e}",
        "vi um vídeo {a} sobre {t}", "tô há {n} horas com {t}", "meta {w}: {d}", "aceito dicas pra {d}", "e se a gente for {d}?", "esperando {t}",
        "com {t}, sem {t2}", "como começou: {t}. como tá: {t2}", "não entendi {t} até agora", "{e} apareceu aqui do nada", "hoje tem {t}",
        "enquete: {t} ou {t2}", "diz {e} que {t} é {a}", "cheguei agora, o que houve com {e}?", "mais alguém {w} pensando: {d}?", "vim só pra {d}",
        "o assunto {w} é {t}", "não sei opinar sobre {t}", "será que dá pra {d} {w}?", "chegou {t}", "o povo descobriu {e}", "qual foi a primeira coisa que souberam sobre {e}?",
        "{e} {x} {a}, sei lá", "resumo {w}: {t}", "tava aqui de boa, aí {t}", "contei {n} pessoas falando sobre {t}", "era pra {d}, mas abri o twitter",
        "que horas começa {t}?",
    ),
    -1: (
        "{e} é {x} {a}", "que {a} {t}", "{t} foi {x} {a}", "não aguento mais {t}", "que preguiça de {d}", "{e} me decepcionou {w}", "odeio {d} {w}",
        "zero vontade de {d}", "{t} estragou meu dia", "pelo amor de deus, {e}", "desisto, {t} venceu", "eu não mereço {t}", "{e}, que vergonha",
        "por que {t} é tão {a}?", "de novo {t}?", "quem pediu {t}?", "alguém para {e}", "me arrependi de {d}", "{e} só me faz passar raiva",
        "{d} me deixa com ódio", "e mais uma vez {t}", "{t} acabou comigo", "tá difícil te defender, {e}", "{e} perdeu a mão", "tô sofrendo com {t}",
        "nunca mais vou {d}", "não dá, {e} é {a}", "tem que ser muito {a} pra inventar {t}", "cansei, {e}", "chega, {t}", "{t} {w} ninguém merece",
        "valeu por nada, {e}", "que ódio que me dá {t}", "superestimam {e} demais", "fui {d} e deu tudo errado", "meu deus, {t}, que {a}",
        "enterrem {t}", "tô chorando com {t}", "{e} tinha uma tarefa, uma", "dia {n} sem {d}, alguém me ajuda", "pior parte {w}: {t}",
        "não quero ver {e} nem de graça", "vergonha alheia com {t}", "piada de mau gosto {t}", "{e} {w} conseguiu piorar", "socorro, {t}",
        "só queria {d} e nem isso", "{x} {a}, {t}", "{e} devendo desculpa pro povo", "mais {a} que {t}, só {t2}", "eu avisei sobre {e}",
        "saudade da fase boa, {e}", "perdi a paciência com {t}", "{t} tá cada dia mais {a}", "todo dia um 7x1: {t}", "como defender {t}? não tem como",
        "tira {t} daqui", "{w} eu não queria {d}, mas é a vida", "alguém avisa {e} que tá {a}", "{e} flopou e eu avisei", "que baque {t}",
        "vou fingir que não vi {t}",
    ),
}  # fmt: skip

REPLIES: dict[int, tuple[str, ...]] = {
    1: (
        "exatamente isso", "falou tudo", "amei", "simmm", "kkkk maravilhoso", "que tudo!!", "concordo demais", "arrasou", "sou eu", "te amo por isso",
        "{e} é {a} mesmo", "parabéns!!", "que lindo ler isso", "quero {d} também", "{x} {a}", "melhor tweet {w}", "fechou", "aí sim", "perfeição define",
        "tmj", "que notícia {a}", "merecido demais", "também amo {t}", "ganhou meu respeito", "isso aí, {e} sempre", "muito bom, salvei",
    ),
    0: (
        "sério?", "onde foi isso?", "qual?", "depende", "e {e}?", "não sabia", "manda o link", "será?", "fonte?", "eu também", "quando?", "chama na dm",
        "{e} ou {e2}?", "como assim?", "vou pesquisar {w}", "nem vi", "sei não hein", "e {t}, como ficou?", "anotado", "boa pergunta", "tô por fora",
        "acho que sim", "passa a dica pra {d}", "ué", "que horas?", "aqui também {w}", "conta mais",
    ),
    -1: (
        "nada a ver", "discordo", "que horror", "que ódio", "não tem como defender", "lamento muito", "{e} é {x} {a}", "para que tá feio", "apaga isso",
        "affs", "opinião péssima", "tá errado hein", "me dói ler isso", "sinto muito mesmo", "que {a} isso", "triste realidade", "comigo foi igual, {a}",
        "sempre {t} atrapalhando", "não força", "nossa, que raiva", "aí complica", "passo", "me poupe", "e ninguém faz nada com {t}", "já deu {e}",
    ),
}  # fmt: skip

CHAT: tuple[str, ...] = (
    "bom dia", "boa noite gente", "que sono {w}", "tô com fome", "não quero levantar", "sextou?", "alguém acordado?", "só queria férias",
    "bateria em 3%, socorro", "que dia {a}", "hoje eu não tô pra ninguém", "preciso de um cochilo {w}", "saudade da minha vó", "alguém me paga um açaí",
    "em cima da hora como sempre", "eu e minhas paranoias", "o vizinho ligou o som {w}", "deus me livre mas quem me dera", "não sei o que vestir", "segunda-feira, né",
    "acordei e já quero dormir", "cinco da manhã e eu aqui", "comi e tô com fome de novo", "ninguém me responde no zap", "adulto demais pra esse calor",
    "perdi o ônibus vendo o twitter", "minha mãe me mandou um áudio de seis minutos", "quem quer ir tomar uma?", "tá todo mundo dormindo já?", "boa tarde só pra quem descansou",
    "hoje vou dormir cedo (mentira)", "esqueci o que eu vim fazer na cozinha", "lavando louça e pensando na vida", "a internet caiu {w}", "voltei, sentiram falta?",
    "me deixa no meu canto", "tomei banho e virei outra pessoa", "vontade de sumir pra praia", "a vida é um eterno boleto", "domingo com cara de domingo",
    "preciso de um abraço e um pix", "fiz miojo e chamei de janta", "tô rindo de nervoso", "ai que vontade de um pastel {w}", "meus planos {w}: nenhum",
    "vou ali chorar e já volto", "gente do céu", "eu sou muito trouxa mesmo", "o fim de semana durou dez minutos", "não me liguem, mandem mensagem",
    "mais um dia sem ganhar na mega", "dor de cabeça {w}", "tô na rua e esqueci o fone", "alguém conversa comigo", "quem inventou acordar cedo", "sobrevivi ao metrô",
    "contei minha vida pra moça do caixa", "minha cama tá me chamando", "que semana {a}, meu pai", "dormi de tarde e me perdi no tempo",
)  # fmt: skip

ADJECTIVES: dict[int, tuple[str, ...]] = {
    1: tuple(
        "incrível sensacional genial espetacular excelente brilhante impecável emocionante inesquecível fenomenal legal massa top"
        " elegante impressionante surreal".split()
    ),
    0: tuple(
        "normal diferente interessante comum peculiar razoável simples previsível aceitável passável surpreendente imprevisível regular"
        " usual suave enigmático".split()
    ),
    -1: tuple(
        "horrível terrível ruim triste lamentável deprimente insuportável decepcionante medíocre inaceitável irritante frustrante"
        " revoltante deplorável sofrível chocante".split()
    ),
}
INTENSIFIERS: tuple[str, ...] = (
    "muito", "super", "tão", "bem", "mega", "realmente", "simplesmente", "absurdamente", "totalmente", "extremamente", "insanamente",
)  # fmt: skip
WHEN: tuple[str, ...] = (
    "hoje", "agora", "essa semana", "de novo", "hoje cedo", "o dia todo", "essa noite", "no fim de semana", "de madrugada", "a essa hora",
    "antes de dormir", "depois do almoço", "esse ano", "numa segunda", "às três da manhã", "no domingo", "esse mês", "no feriado",
)  # fmt: skip
JOINS: tuple[str, ...] = (
    ". ", ", ", " e ", " mas ", "... ", "! ", ". e outra: ", ". aliás ", ", aí ", " enquanto isso ", "\n", ". enfim, ", ", só que ",
)  # fmt: skip
FILLERS: tuple[str, ...] = (
    "kkk", "kkkk", "kkkkkkk", "mano", "gente", "tipo", "sério", "slk", "ixi", "né", "cara", "véi", "aff", "sla", "mds", "enfim",
    "bicho", "oxe", "uai", "rs", "real", "nossa", "eita", "juro", "KKKKKK",
)  # fmt: skip

TOXIC: dict[str, tuple[str, ...]] = {
    "insult": (
        "você é um palhaço", "cala a boca, seu inútil", "que pessoa ridícula", "burro demais, coitado", "teu cérebro tá de férias", "vai estudar, animal",
        "ô criatura patética", "você não passa de um zero à esquerda", "ninguém te aguenta, chato", "idiota de carteirinha", "que mente pequena a sua",
        "fracassado querendo dar opinião", "passa vergonha todo dia, imbecil", "otário se achando esperto",
    ),
    "profanity": (
        "que merda é essa", "puta que pariu, de novo", "vai tomar no cu esse dia", "caralho, não acredito", "foda-se também", "tô de saco cheio dessa porra",
        "que bosta, viu", "vai à merda todo mundo", "porra, não é possível", "deu merda, óbvio", "cacete, que inferno", "essa porra não funciona nunca",
        "não fode, cara",
    ),
    "threat": (
        "você vai se arrepender disso", "espera só pra ver", "isso não vai ficar assim", "eu sei onde te achar", "toma cuidado quando sair na rua",
        "tua hora vai chegar", "fala isso na minha frente se tem coragem", "vou fazer da tua vida um inferno", "quando eu te encontrar a conversa é outra",
        "vai pagar caro pelo que falou", "melhor ficar de olho aberto", "um dia a conta chega e sou eu que cobro",
    ),
    "identity": (
        "gente da sua laia não presta", "volta pro lugar de onde você veio", "vocês são todos iguais", "tinha que ser um de vocês", "esse seu povinho só atrapalha",
        "com esse tipo de gente não se conversa", "por causa de gente como você o país não anda", "não quero essa turma perto de mim", "vocês não deveriam nem poder votar",
        "aqui não é lugar pra tua gente", "sempre os mesmos, esse tipinho de gente", "ninguém quer os seus por aqui", "quem é da tua turma nunca vai mudar",
    ),
}  # fmt: skip

SPAM: tuple[str, ...] = (
    "ganhe mil seguidores agora, grátis", "renda extra trabalhando pelo celular", "clica no link da bio antes que saia do ar", "faça 300 reais por dia no pix",
    "segue que eu sigo de volta na hora", "sorteio de iPhone, é só curtir e marcar dois amigos", "robô que opera sozinho, lucro garantido", "empréstimo sem consulta ao SPC",
    "vagas limitadas pro meu curso, corre", "emagreça 8kg em 15 dias sem dieta", "cupom de 80% válido só hoje", "plataforma pagando muito, bônus no cadastro",
    "chama no zap e saiba como", "assinatura de streaming por 5 reais", "mudei de vida com esse método, te ensino", "dobre seu dinheiro em 24 horas",
    "grupo VIP com sinais todo dia", "limpe seu nome sem pagar a dívida", "compre curtidas reais, entrega imediata",
)  # fmt: skip

GIVEN: tuple[str, ...] = tuple(
    "Ana Beatriz Larissa Juliana Camila Fernanda Letícia Gabriela Bruna Amanda Mariana Rafaela Isabela Luana Thaís Vitória Júlia Helena"
    " Alice Yasmin Priscila Débora Eduarda Tainá João Pedro Lucas Gabriel Matheus Rafael Felipe Gustavo Thiago Bruno Vinícius Leonardo"
    " Caio Igor Diego Murilo Otávio Davi Enzo Henrique Renan Everton Wesley Breno".split()
)
FAMILY: tuple[str, ...] = tuple(
    "Silva Santos Oliveira Souza Lima Pereira Ferreira Costa Rodrigues Almeida Nascimento Alves Carvalho Araújo Ribeiro Barbosa Cardoso"
    " Teixeira Moreira Correia Mendes Nunes Moura Freitas Campos Batista Rocha Dias Cavalcanti Monteiro Vieira Machado Azevedo Pinheiro"
    " Fonseca Coelho Siqueira Brandão Peixoto Queiroz Rezende Figueiredo Guimarães Sampaio Tavares Xavier Macedo Bittencourt".split()
)
NAME: str = "{given} {family}"
ORGS: tuple[str, ...] = (
    "Grupo {family}", "Rádio {family}", "Instituto {family}", "Editora {family}", "{family} Esporte Clube", "Casas {family}", "Estúdio {family}",
    "TV {family}", "Irmãos {family}", "{family} Tecnologia", "Atlético {family}", "Colégio {family}", "Jornal {family}", "Banda {family}",
    "Construtora {family}",
)  # fmt: skip
SPOTS: tuple[str, ...] = (
    "Praça {family}", "Parque {family}", "Rua {family}", "Bar {family}", "Padaria {family}", "Arena {family}", "Vila {family}", "Jardim {family}",
    "Praia {family}", "Teatro {family}", "Shopping {family}", "Feira {family}", "Morro {family}", "Avenida {family}", "Boteco {family}",
)  # fmt: skip
